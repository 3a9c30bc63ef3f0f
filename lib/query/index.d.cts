// Types for `require('knex-meta/query')`: see lib/index.d.cts.
import type * as esm from './index.js' with { 'resolution-mode': 'import' };

export declare const installQueryHelpers: typeof esm.installQueryHelpers;
