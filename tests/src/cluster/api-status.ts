/** The errors of the API server, in Kubernetes' own words. */

/** An unsuccessful answer. */
export class ApiError extends Error {
  readonly status: unknown;
  constructor(
    readonly code: number,
    reason: string,
    message: string,
    details?: unknown,
  ) {
    super(message);
    this.status = {
      kind: 'Status',
      apiVersion: 'v1',
      metadata: {},
      status: 'Failure',
      message,
      reason,
      ...(details !== undefined && { details }),
      code,
    };
  }
}

/** What is asked for, and what of it. */
export interface Target {
  verb: string;
  group: string;
  /** With the subresource: `pods/exec`. */
  resource: string;
  namespace?: string;
  name?: string;
}

export function notFound({ resource, group, name = '' }: Target): ApiError {
  const [kind = ''] = resource.split('/');
  const message = `${kind}${group && `.${group}`} "${name}" not found`;
  return new ApiError(404, 'NotFound', message, { name, group, kind });
}

export function noSuchPath(): ApiError {
  return new ApiError(404, 'NotFound', 'the server could not find the requested resource');
}

export function alreadyExists({ resource }: Target, name: string): ApiError {
  return new ApiError(409, 'AlreadyExists', `${resource} "${name}" already exists`, { name, kind: resource });
}

export function badRequest(message: string): ApiError {
  return new ApiError(400, 'BadRequest', message);
}

export function forbidden({ verb, group, resource, namespace, name }: Target, user: string): ApiError {
  const [kind = ''] = resource.split('/');
  const which = name === undefined ? kind : `${kind} "${name}"`;
  const where = namespace === undefined ? 'at the cluster scope' : `in the namespace "${namespace}"`;
  const message = `${which} is forbidden: User "${user}" cannot ${verb} resource "${resource}" in API group "${group}" ${where}`;
  return new ApiError(403, 'Forbidden', message, { ...(name !== undefined && { name }), group, kind });
}
