// API 001, a page's fetch and FormData.
import { openAsBlob } from './file.mjs';

const token = process.env.TOKEN;
const file = await openAsBlob(process.env.FILE, 'photo.jpg', 'image/jpeg');

// Upload image
const formData = new FormData();
formData.append('image', file);

const response = await fetch(`${process.env.HOST}/api/profile/upload-image`, {
  method: 'POST',
  headers: {
    'Authorization': `Bearer ${token}`
  },
  body: formData
});

const result = await response.json();
console.log(JSON.stringify(result));

// The image is shown by result.data.cloudfrontUrl
const shown = await fetch(result.data.cloudfrontUrl);
console.log(JSON.stringify({ status: shown.status, type: shown.headers.get('content-type'),
  size: (await shown.arrayBuffer()).byteLength }));
