import { testHost } from '../../contract/host.ts';
import { openRuntime } from '../../support/host.ts';

testHost('a runtime whose writer is on its thread', openRuntime('inThread'));
