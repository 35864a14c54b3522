// Forms checked by schemas of zod and ajv that are compiled when a version of a form is first seen; 40 there are.
import { Ajv } from 'ajv';
import { z } from 'zod';
import { userTable, configTree } from '../bystanders.cjs';
import { drive } from '../stage.cjs';

const users = userTable(8_000);
const settings = configTree(3, 18);
const ajv = new Ajv();
const byVersion = {};

function checksOf(version) {
  byVersion[version] ??= {
    shape: z.object({ email: z.string(), age: z.number().max(150 + version), tags: z.array(z.string()) }),
    valid: ajv.compile({
      $id: `form-${version}`,
      type: 'object',
      required: ['email'],
      properties: { email: { type: 'string' }, age: { type: 'number', maximum: 150 + version } },
    }),
  };
  return byVersion[version];
}

await drive({
  kind: 'schemas compiled once each',
  perPhase: 700,
  step: (number) => {
    const version = Math.min(39, Math.floor(Math.sqrt(number) * 1.2));
    const { shape, valid } = checksOf(version);
    const form = {
      email: users.get(number % 8_000).email,
      age: number % 200,
      tags: [settings.amber_0.owner ?? ''],
    };
    return shape.safeParse(form).success && valid(form);
  },
});
