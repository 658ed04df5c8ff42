// The one organization of a server, and what a hosted platform has around it. Nobody has an account here: whoever has a
// builder's key belongs to the organization, and there is nothing to invite to, to pay or to claim.

import { z } from 'zod';
import { IntegrationError } from '../../core/errors.ts';
import { toRfc3339 } from '../../core/time.ts';
import { type Org, renameOrg, theOrg } from '../../flows/projects.ts';
import { readProjects } from '../../store/tables/accounts.ts';
import type { EdgeServices } from '../context.ts';
import { projectJson } from '../wire.ts';
import { ref } from './input.ts';
import { type Operation, operation } from './operation.ts';

const ORG = '/orgs/{orgId}';

function orgJson({ orgId, label, createdAtMs, updatedAtMs }: Org) {
  return {
    ...{ id: orgId, label, defaultTeamId: orgId, createTime: toRfc3339(createdAtMs) },
    ...(updatedAtMs === null ? {} : { updateTime: toRfc3339(updatedAtMs) }),
  };
}

/** Whoever has a builder's key. */
function builderJson({ orgId, createdAtMs }: Org) {
  return { id: orgId, idpProvider: 'tenon', idpRef: 'builder', createTime: toRfc3339(createdAtMs) };
}

/** Rejects with `not_found` unless it is the one there is. */
function orgOf(services: EdgeServices, orgId: string): Org {
  const org = theOrg(services);
  if (org.orgId !== orgId) throw new IntegrationError('not_found', 'no such organization');
  return org;
}

function noAccounts(): IntegrationError {
  return new IntegrationError('forbidden', 'this server has one organization and no accounts', {
    remedy: 'Whoever should belong to it gets a key from `tenon key create --builder`.',
  });
}

function none(what: string): IntegrationError {
  return new IntegrationError('not_found', `no such ${what}`);
}

const INVITE_OPERATIONS: readonly Operation[] = [
  operation({
    id: 'createOrgInvite',
    method: 'POST',
    path: `${ORG}/invites`,
    access: 'org',
    summary: 'refused: there are no accounts',
    status: 201,
    body: z.object({ email: ref }),
    handle({ services, params }) {
      orgOf(services, params.orgId);
      throw noAccounts();
    },
  }),
  operation({
    id: 'listOrgInvites',
    method: 'GET',
    path: `${ORG}/invites`,
    access: 'org',
    summary: 'none',
    status: 200,
    handle({ services, params }) {
      orgOf(services, params.orgId);
      return [];
    },
  }),
  ...(['GET', 'DELETE'] as const).map((method) =>
    operation({
      id: method === 'GET' ? 'getOrgInvite' : 'deleteOrgInvite',
      method,
      path: `${ORG}/invites/{inviteId}`,
      access: 'org',
      summary: 'there is none',
      status: method === 'GET' ? 200 : 204,
      handle({ services, params }) {
        orgOf(services, params.orgId);
        throw none('invite');
      },
    }),
  ),
  operation({
    id: 'acceptInvite',
    method: 'POST',
    path: '/invites:accept',
    access: 'org',
    summary: 'there is none',
    status: 200,
    body: z.object({ invitedEmail: ref }),
    handle() {
      throw none('invite');
    },
  }),
  operation({
    id: 'addUserToOrg',
    method: 'POST',
    path: `${ORG}/memberships`,
    access: 'org',
    summary: 'refused: there are no accounts',
    status: 201,
    media: 'none',
    body: z.object({ builderId: ref }),
    handle({ services, params }) {
      orgOf(services, params.orgId);
      throw noAccounts();
    },
  }),
];

const CLAIM_OPERATIONS: readonly Operation[] = [
  operation({
    id: 'checkClaimedDomain',
    method: 'GET',
    path: '/claimed-domains',
    access: 'org',
    summary: 'no domain is claimed',
    status: 200,
    query: z.object({ domain: ref }),
    handle() {
      throw none('claimed domain');
    },
  }),
  operation({
    id: 'claimDomain',
    method: 'POST',
    path: '/claimed-domains',
    access: 'org',
    summary: 'refused: there are no accounts',
    status: 201,
    media: 'none',
    body: z.object({ domain: ref, parentId: ref, parentType: z.literal('org') }),
    handle() {
      throw noAccounts();
    },
  }),
  operation({
    id: 'listOrgClaimedDomains',
    method: 'GET',
    path: `${ORG}/claimed-domains`,
    access: 'org',
    summary: 'none',
    status: 200,
    handle({ services, params }) {
      orgOf(services, params.orgId);
      return [];
    },
  }),
  operation({
    id: 'getOrgBillingAccount',
    method: 'GET',
    path: `${ORG}/billingAccount`,
    access: 'org',
    summary: 'there is none',
    status: 200,
    handle({ services, params }) {
      orgOf(services, params.orgId);
      throw none('billing account');
    },
  }),
  operation({
    id: 'createBillingAccountSession',
    method: 'POST',
    path: '/billingAccounts/{billingAccountId}/portalSession',
    access: 'org',
    summary: 'there is none',
    status: 200,
    body: z.object({ redirectUrl: ref, timeout: z.number().optional() }),
    handle() {
      throw none('billing account');
    },
  }),
];

export const ORG_OPERATIONS: readonly Operation[] = [
  operation({
    id: 'createOrg',
    method: 'POST',
    path: '/orgs',
    access: 'org',
    summary: 'refused: a server has one organization',
    status: 201,
    body: z.object({ label: ref }),
    handle() {
      throw noAccounts();
    },
  }),
  operation({
    id: 'getOrg',
    method: 'GET',
    path: ORG,
    access: 'org',
    summary: 'the organization of this server',
    status: 200,
    handle: ({ services, params }) => orgJson(orgOf(services, params.orgId)),
  }),
  operation({
    id: 'updateOrg',
    method: 'PATCH',
    path: ORG,
    access: 'org',
    summary: 'label the organization',
    status: 200,
    body: z.object({ updateMask: z.array(z.literal('label')), org: z.object({ label: ref }).partial() }),
    async handle({ services, params, body }) {
      const org = orgOf(services, params.orgId);
      const { label } = body.org;
      if (body.updateMask.length === 0) return orgJson(org);
      if (label === undefined) {
        const issues = [{ in: 'body' as const, name: 'org.label', detail: 'is required' }];
        throw new IntegrationError('bad_request', 'label is named in the mask and missing', { issues });
      }
      return orgJson(await renameOrg(services, label));
    },
  }),
  operation({
    id: 'listOrgBuilders',
    method: 'GET',
    path: `${ORG}/builders`,
    access: 'org',
    summary: 'one: whoever has a builder’s key',
    status: 200,
    handle: ({ services, params }) => [builderJson(orgOf(services, params.orgId))],
  }),
  operation({
    id: 'getMyInfo',
    method: 'GET',
    path: '/my-info',
    access: 'org',
    summary: 'who calls, with all projects',
    status: 200,
    handle({ services }) {
      const org = theOrg(services);
      const role = { role: 'admin', principalType: 'builder', principalId: org.orgId };
      const projects = readProjects(services.store.reads);
      return {
        builder: builderJson(org),
        projectRoles: Object.fromEntries(
          projects.map((row) => [row.projectId, { ...role, project: projectJson(row) }]),
        ),
        orgRole: { ...role, org: orgJson(org) },
      };
    },
  }),
  ...INVITE_OPERATIONS,
  ...CLAIM_OPERATIONS,
];
