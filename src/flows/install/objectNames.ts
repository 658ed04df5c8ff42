// An object has the provider's name and, where the manifest maps it, the builder's. Callers may say either.

import type { IntegrationRow } from '../../store/tables/installations.ts';
import type { Services } from '../services.ts';
import { specOf } from './installations.ts';

type Names = { readonly objectName: string; readonly mapToName?: string };

function objectsOf(services: Services, integration: IntegrationRow): readonly Names[] {
  return specOf(services, integration).read?.objects ?? [];
}

/** The provider's name of an object, whichever of the two is given; an unknown name is taken for the provider's. */
export function nativeNameOf(services: Services, integration: IntegrationRow, given: string): string {
  const isGiven = (name: string | undefined) => name?.toLowerCase() === given.toLowerCase();
  const objects = objectsOf(services, integration);
  const found = objects.find(({ objectName }) => isGiven(objectName)) ?? objects.find((one) => isGiven(one.mapToName));
  return found?.objectName ?? given;
}

/** The builder's name of an object; null without one. */
export function deliveredNameOf(services: Services, integration: IntegrationRow, objectName: string): string | null {
  return objectsOf(services, integration).find((one) => one.objectName === objectName)?.mapToName ?? null;
}
