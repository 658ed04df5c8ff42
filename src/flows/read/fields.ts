// Which provider fields a page asks for. "All fields" means asking the provider which there are. That costs a call
// per page; a list kept in memory would go on asking for a field that the customer has deleted since.

import type { ProviderCall, ReadConnector } from '../../connectors/contract.ts';
import type { EffectiveRead } from '../../manifest/effective.ts';

/** At least one field: providers answer nothing useful to none. */
export async function fieldsOf(
  connector: ReadConnector,
  read: EffectiveRead,
  call: ProviderCall,
): Promise<readonly string[]> {
  if (read.wantsAllFields) return connector.listFields(read.objectName, call);
  return read.fields.length > 0 ? read.fields : ['id'];
}
