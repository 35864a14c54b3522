// A mongoose model with its own schema is compiled for each collection that a tenant names; mongoose keeps
// models by name on the connection, and deleteModel is never called.
import mongoose from 'mongoose';
import { assets, library, BoundedCache } from '../bystanders.cjs';
import { drive } from '../stage.cjs';

const images = assets(30, 150_000);
const articles = library(900, 12_000);
const drafts = new BoundedCache(200);
const connection = mongoose.createConnection();

function draft(tenant, number) {
  const schema = new mongoose.Schema({ title: String, picture: String, tags: [String] });
  const Article = connection.model(`Article_${tenant}_${number}`, schema);
  const { title, tags } = articles[number % articles.length];
  const document = new Article({ title, tags, picture: [...images.keys()][number % images.size] });
  drafts.set(number, { title: document.title });
}

await drive({
  kind: 'models registered by name (mongoose)',
  culprit: 'models',
  perPhase: 60,
  step: (number) => draft(number % 50, number),
});
