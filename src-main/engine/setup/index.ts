/**
 * Setup: what a first run needs (Python, device, disk, a base model) and the sample dataset.
 * Promises: a base model is made once, with progress; a trained lineage keeps its base model until
 * `base_model` names another.
 * Never: installs anything, trains, replaces a base model that is in use.
 */
export { findPython, type PythonReading } from './python.ts';
export { createSetup, type SetupOptions, type SetupRoom } from './setup.ts';
