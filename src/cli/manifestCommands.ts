// The commands about manifests. Loaded when one is used.

import process from 'node:process';
import type { Command } from 'commander';
import type { DeployOptions } from './deploy.ts';
import type { ManifestCheckOptions } from './manifest.ts';

export function addManifestCommands(program: Command): void {
  program
    .command('deploy')
    .description('deploy a manifest (amp.yaml) to a running server')
    .argument('<file>', 'the manifest, the folder it is in, or - for what is piped in')
    .option('--plan', 'only say what it would change, and for how many installations')
    .option('--destructive', 'also stop reading objects that the manifest no longer has, where they are installed')
    .option('--json', 'print the integrations, or the plan, as JSON')
    .option('--url <url>', 'the server', process.env['TENON_URL'] ?? 'http://127.0.0.1:8080')
    .option('--api-key <key>', 'an API key of the project (default: TENON_API_KEY)')
    .action(async (file: string, options: DeployOptions & { readonly plan?: boolean; readonly url: string }) => {
      const { deploy, planDeploy } = await import('./deploy.ts');
      const apiKey = options.apiKey ?? process.env['TENON_API_KEY'];
      await (options.plan === true ? planDeploy : deploy)(file, options.url, { ...options, apiKey });
    });
  program
    .command('manifest')
    .description('manifests (amp.yaml), without a server')
    .command('check')
    .description('say what is wrong with manifests; exits with 1 if anything is')
    .argument('<file...>', 'manifests, folders with an amp.yaml in them, or - for what is piped in')
    .option('--strict', 'take warnings for errors')
    .option('--json', 'print everything as JSON')
    .action(async (files: string[], options: ManifestCheckOptions) =>
      (await import('./manifest.ts')).checkManifests(process.env, files, options),
    );
}
