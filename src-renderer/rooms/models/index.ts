/**
 * Models: the kept versions against the validation curve, their details, two compared, and what a person does with them.
 * Promises: what a deletion takes away is said before it happens, and needs the full name typed.
 * Never: offers an act that the engine would refuse without saying why.
 */
export { ModelsScreen } from './models.tsx';
