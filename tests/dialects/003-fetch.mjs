// API 003, a page's fetch.
import { openAsBlob } from './file.mjs';

const file = await openAsBlob(process.env.FILE, 'photo.jpg', 'image/jpeg');

// Get upload URL
const response = await fetch(`${process.env.HOST}/upload-url`, {
    method: 'POST',
    headers: { 'Content-Type': 'application/json', 'Authorization': `Bearer ${process.env.TOKEN}` },
    body: JSON.stringify({
        filename: file.name,
        content_type: file.type
    })
});

const answer = await response.json();
console.log(JSON.stringify(answer));
const { presigned_url } = answer;

// Upload file directly to S3
const put = await fetch(presigned_url, {
    method: 'PUT',
    body: file,
    headers: { 'Content-Type': file.type }
});
console.log(JSON.stringify({ status: put.status }));
