// A fastify decorator holds the uploads in progress. The entry is removed only in `onResponse` of a finished
// upload, but an upload that its handler rejects ends another way.
import Fastify from 'fastify';
import { translations, BoundedCache } from '../bystanders.cjs';
import { drive } from '../stage.cjs';

const texts = translations(['en', 'sv'], 30_000);
const checksums = new BoundedCache(1_000);
const app = Fastify();
app.decorate('uploadsUnderWay', new Map());

app.addHook('preHandler', async (request) => {
  const parts = Array.from({ length: 8 }, (_, n) => ({
    n,
    offset: n * 65_536,
    received: request.body.size / (n + 1),
  }));
  app.uploadsUnderWay.set(request.id, { name: request.body.name, parts, log: request.log });
});
app.post('/uploads', async (request, reply) => {
  checksums.set(request.body.name, { size: request.body.size });
  if (request.body.size > 1_000) return reply.code(413).send({ message: texts.en['page.amber.0'] });
  app.uploadsUnderWay.delete(request.id);
  return { id: request.id };
});

await drive({
  kind: 'fastify decorator that is never tidied',
  culprit: 'uploadsUnderWay',
  perPhase: 1_200,
  step: (number) =>
    app.inject({
      method: 'POST',
      url: '/uploads',
      payload: { name: `scan-${number}.tif`, size: 900 + (number % 1_000) },
    }),
});
