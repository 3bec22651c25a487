/** The command: `npm run sim -- --seed N` or `--seeds K`; see `--help`. */
import { runCli } from './cli.js';

process.exitCode = await runCli(process.argv.slice(2));
