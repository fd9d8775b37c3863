/*
 * A peer of bench/serving.py: API 003's two routes by Express and the AWS SDK v3, one process a core.
 *
 * It checks a token in a map, and whether the object is there before it signs a download, as the
 * seed does; it keeps nothing. Started by bench/serving.py.
 */
import { GetObjectCommand, HeadObjectCommand, PutObjectCommand, S3Client } from "@aws-sdk/client-s3";
import { getSignedUrl } from "@aws-sdk/s3-request-presigner";
import express from "express";
import cluster from "node:cluster";
import { randomUUID } from "node:crypto";
import { availableParallelism } from "node:os";

const { BENCH_PORT, BENCH_TOKEN, BENCH_S3, BENCH_ACCESS_KEY, BENCH_SECRET_KEY } = process.env;
const EXPIRES_S = 600;
const TYPES = new Set(["image/jpeg", "image/png", "application/pdf"]);
const tokens = new Map([[BENCH_TOKEN, 1]]);
const s3 = new S3Client({
  endpoint: BENCH_S3,
  region: "us-east-1",
  forcePathStyle: true,
  credentials: { accessKeyId: BENCH_ACCESS_KEY, secretAccessKey: BENCH_SECRET_KEY },
});

function serve() {
  const app = express();
  app.use(express.json());
  app.use((request, response, next) => {
    const token = (request.get("authorization") ?? "").replace(/^Bearer /, "");
    if (tokens.has(token) || request.path === "/") next();
    else response.status(401).json({ detail: "Sign in first." });
  });
  app.get("/", (request, response) => response.json({ status: "ok" }));

  app.post("/upload-url", async (request, response) => {
    const { filename, content_type: type } = request.body;
    if (typeof filename !== "string" || !TYPES.has(type))
      return response.status(400).json({ detail: "File type not allowed" });
    const key = `uploads/${randomUUID()}-${filename}`;
    const command = new PutObjectCommand({ Bucket: "vitrine", Key: key, ContentType: type });
    const url = await getSignedUrl(s3, command, { expiresIn: EXPIRES_S });
    response.json({ presigned_url: url, expires_in: EXPIRES_S, file_key: key });
  });

  app.post("/download-url", async (request, response) => {
    const object = { Bucket: "vitrine", Key: String(request.body.file_key) };
    try {
      await s3.send(new HeadObjectCommand(object));
    } catch {
      return response.status(404).json({ detail: "File not found" });
    }
    const url = await getSignedUrl(s3, new GetObjectCommand(object), { expiresIn: EXPIRES_S });
    response.json({ presigned_url: url, expires_in: EXPIRES_S, file_key: object.Key });
  });

  app.listen(Number(BENCH_PORT), "127.0.0.1");
}

if (cluster.isPrimary) {
  for (let i = 0; i < availableParallelism(); i += 1) cluster.fork();
  process.on("SIGTERM", () => process.exit(0)); /* the workers end with their channel */
} else {
  serve();
}
