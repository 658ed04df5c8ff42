// Amazon Web Services, IAM Identity Center module. Calls are JSON RPC signed with Signature V4; user is the access
// key id, password the secret key. The service host contains the region, and the wrong region looks like missing data
// or ResourceNotFound.

import { pictures, supports } from '../declare.ts';
import type { ProviderDeclaration } from '../schema.ts';

export const aws = {
  name: 'aws',
  displayName: 'Amazon Web Services',
  category: 'developer tools',
  sources: [
    'https://docs.aws.amazon.com/singlesignon/latest/IdentityStoreAPIReference/welcome.html',
    'https://docs.aws.amazon.com/singlesignon/latest/APIReference/welcome.html',
  ],
  baseUrl: 'https',
  auth: { scheme: 'basic' },
  defaultModule: 'aws-identity-center',
  modules: {
    'aws-identity-center': {
      displayName: 'AWS Identity Center',
      baseUrl: 'https://<<SERVICE_DOMAIN>>.{{.region}}.amazonaws.com',
      support: supports(),
    },
  },
  support: supports('read', 'proxy'),
  inputs: [
    { name: 'region', displayName: 'Region', moduleDependencies: { 'aws-identity-center': {} } },
    { name: 'identityStoreId', displayName: 'Identity Store ID', moduleDependencies: { 'aws-identity-center': {} } },
    { name: 'instanceArn', displayName: 'Instance ARN', moduleDependencies: { 'aws-identity-center': {} } },
  ],
  postAuthentication: [],
  isPostAuthenticationRequired: false,
  providerApp: { authQueryParams: [], params: [] },
  media: pictures(
    'v1746046733/media/aws_1746046732.jpg',
    'v1746046777/media/aws_1746046777.svg',
    'v1746046733/media/aws_1746046732.jpg',
    'v1746046794/media/aws_1746046793.svg',
  ),
  quotas: [],
  concurrency: [],
  hiddenErrors: [],
} as const satisfies ProviderDeclaration;
