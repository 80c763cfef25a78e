"""Checkpoints: resumable state that counts only when every byte verifies (docs/protocol.md).

`discover` finds and verifies them, `load` restores a session, `write` puts one on the disk and
`save` decides when and how.
"""
