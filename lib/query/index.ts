import './augment.js';

export { installQueryHelpers } from './install.js';
