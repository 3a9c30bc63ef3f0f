import { engineOf } from '../cli/project.js';
import type { Engine } from '../engines/contract.js';
import type { KnexMetaConfig } from '../metadata/options.js';
import type { Settings } from '../migrator/settings.js';
import { openStage, type Stage } from '../verify/stage.js';
import type { Context } from './command.js';

/** What runs the project's migrations in throwaway databases. */
export interface Rehearsal {
  readonly engine: Engine;
  readonly config: KnexMetaConfig;
  readonly settings: Settings;
  /** Opens one, on the server that --shadow or `meta.shadow` names, else on the project's own. */
  readonly open: () => Promise<Stage>;
}

/** @param more - settings that go before those of the project */
export async function rehearsalOf(
  { args, project }: Context,
  more: Partial<KnexMetaConfig> = {},
): Promise<Rehearsal> {
  const { config: configured, extension } = await project();
  const engine = engineOf(configured);
  const settings = { ...configured.migrations, extension };
  const config = { ...configured, migrations: settings, ...more };
  const { shadow = configured.meta?.shadow } = args;
  const server = shadow === undefined ? undefined : String(shadow);
  return { engine, config, settings, open: () => openStage(engine, config, server) };
}
