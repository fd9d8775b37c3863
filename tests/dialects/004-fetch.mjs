// API 004, a page's fetch.
import { openAsBlob } from './file.mjs';

const fileInput = { files: [await openAsBlob(process.env.FILE, 'example.jpg', 'image/jpeg')] };
const authorization = { 'Authorization': `Bearer ${process.env.TOKEN}` };

// Upload file directly
const formData = new FormData();
formData.append('file', fileInput.files[0]);

let response = await fetch(`${process.env.HOST}/api/v1/upload/direct`, {
  method: 'POST',
  headers: authorization,
  body: formData
});

let result = await response.json();
console.log(JSON.stringify(result));
console.log('File uploaded:', result.file_url);

// Generate presigned upload URL
const uploadData = {
  filename: 'example.jpg',
  content_type: 'image/jpeg'
};

response = await fetch(`${process.env.HOST}/api/v1/upload/presigned`, {
  method: 'POST',
  headers: { 'Content-Type': 'application/json', ...authorization },
  body: JSON.stringify(uploadData)
});

result = await response.json();
console.log(JSON.stringify(result));

// Upload directly to S3
const file = fileInput.files[0];
const put = await fetch(result.upload_url, {
  method: 'PUT',
  body: file,
  headers: { 'Content-Type': 'image/jpeg' }
});
console.log(JSON.stringify({ status: put.status }));

console.log('File uploaded to S3:', result.file_url);
