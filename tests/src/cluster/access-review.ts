/**
 * `kubectl auth can-i`: a question in Kubernetes' protobuf encoding, as newer kubectls send it, or in JSON. The
 * field numbers are those of k8s.io/api/authorization/v1/generated.proto.
 */
import type { Target } from './api-status.js';

const protobufMagic = Buffer.from('k8s\0');
const field = { raw: 2, spec: 2, resourceAttributes: 1 };
const attributes = ['', 'namespace', 'verb', 'group', 'version', 'resource', 'subresource', 'name'];

/** Returns the target that the request's body asks about. */
export function askedAbout(body: Buffer): Target {
  const { verb = '', group = '', resource = '', subresource = '' } = attributesIn(body);
  return { verb, group, resource: subresource === '' ? resource : `${resource}/${subresource}` };
}

export function accessReview(allowed: boolean): unknown {
  return {
    kind: 'SelfSubjectAccessReview',
    apiVersion: 'authorization.k8s.io/v1',
    metadata: {},
    spec: {},
    status: { allowed },
  };
}

function attributesIn(body: Buffer): Record<string, string> {
  if (!body.subarray(0, protobufMagic.length).equals(protobufMagic)) {
    const { spec } = JSON.parse(body.toString()) as { spec: { resourceAttributes?: Record<string, string> } };
    return spec.resourceAttributes ?? {};
  }
  let message: Buffer = body.subarray(protobufMagic.length);
  for (const number of [field.raw, field.spec, field.resourceAttributes]) {
    message = fieldsOf(message).get(number) ?? Buffer.alloc(0);
  }
  return Object.fromEntries(
    Array.from(fieldsOf(message), ([number, value]) => [attributes[number] ?? '', value.toString()]),
  );
}

/** All fields of these messages are strings, bytes or messages: a number, a length, and so many bytes. */
function fieldsOf(message: Buffer): Map<number, Buffer> {
  const fields = new Map<number, Buffer>();
  let at = 0;
  const varint = (): number => {
    for (let value = 0, shift = 0; ; shift += 7) {
      const byte = message.readUInt8(at++);
      value |= (byte & 0x7f) << shift;
      if (byte < 0x80) return value;
    }
  };
  while (at < message.length) {
    const number = varint() >> 3;
    const length = varint();
    fields.set(number, message.subarray(at, at + length));
    at += length;
  }
  return fields;
}
