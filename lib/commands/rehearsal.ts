import { engineOf } from '../cli/project.js';
import type { Engine } from '../engines/contract.js';
import type { KnexMetaConfig } from '../metadata/options.js';
import type { SandboxOptions } from '../migrator/sandbox.js';
import type { Settings } from '../migrator/settings.js';
import { openStage, type Stage } from '../verify/stage.js';
import type { Command, Context } from './command.js';

/** What runs the project's migrations in throwaway databases. */
export interface Rehearsal {
  readonly engine: Engine;
  readonly config: KnexMetaConfig;
  readonly settings: Settings;
  /** Opens one, on the server that --shadow or `meta.shadow` names, else on the project's own. */
  readonly open: () => Promise<Stage>;
}

/** The server that --shadow or `meta.shadow` names. */
export function shadowOf({ args }: Pick<Context, 'args'>, { meta }: KnexMetaConfig): SandboxOptions {
  const { shadow = meta?.shadow } = args;
  return { shadow: shadow === undefined ? undefined : String(shadow) };
}

export const SHADOW_FLAG = {
  shadow: {
    type: 'string',
    describe: 'the URL of a database on the server where the temporary database is made',
  },
} as const satisfies Command['flags'];

/** @param more - settings that go before those of the project */
export async function rehearsalOf(context: Context, more: Partial<KnexMetaConfig> = {}): Promise<Rehearsal> {
  const { config: configured, extension } = await context.project();
  const engine = engineOf(configured);
  const settings = { ...configured.migrations, extension };
  const config = { ...configured, migrations: settings, ...more };
  const { shadow } = shadowOf(context, configured);
  return { engine, config, settings, open: () => openStage(engine, config, shadow) };
}
