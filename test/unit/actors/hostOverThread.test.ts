import { testHost } from '../../contract/host.ts';
import { openRuntime } from '../../support/host.ts';

testHost('a runtime whose writer has a thread of its own', openRuntime('thread'));
