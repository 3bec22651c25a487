/** What happens in a demo, as data and as lines to read. */

export type DemoEvent =
  | { readonly event: 'started'; readonly node: number }
  | { readonly event: 'stopped'; readonly node: number }
  | { readonly event: 'killed'; readonly node: number }
  | { readonly event: 'ended'; readonly node: number; readonly exitCode: number | undefined; readonly message: string }
  | { readonly event: 'leader'; readonly node: number; readonly term: number }
  | { readonly event: 'noLeader' }
  | { readonly event: 'caughtUp'; readonly node: number };

/** The event as a sentence. */
export function describeEvent(event: DemoEvent): string {
  switch (event.event) {
    case 'started':
      return `node ${event.node} started`;
    case 'stopped':
      return `node ${event.node} stopped`;
    case 'killed':
      return `node ${event.node} was killed`;
    case 'ended':
      return `node ${event.node} ended${event.exitCode === undefined ? '' : ` with code ${event.exitCode}`}: ${event.message}`;
    case 'leader':
      return `node ${event.node} is leader (term ${event.term})`;
    case 'noLeader':
      return 'no leader';
    case 'caughtUp':
      return `node ${event.node} caught up`;
  }
}
