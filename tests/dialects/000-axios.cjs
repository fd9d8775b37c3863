// API 000, Node.js with axios: the PUT of a presigned URL.
const axios = require('axios');
const fs = require('fs');

async function uploadImage(presignedUrl, filePath, contentType) {
  try {
    const fileBuffer = fs.readFileSync(filePath);

    await axios.put(presignedUrl, fileBuffer, {
      headers: {
        'Content-Type': contentType
      }
    });

    console.log('Upload successful!');
  } catch (error) {
    console.error('Upload failed:', error.response?.data || error.message);
  }
}

async function main() {
  const answer = await axios.post(`${process.env.HOST}/upload`, {
    fileName: 'my-image.jpg',
    fileType: 'image/jpeg'
  }, { headers: { Authorization: `Bearer ${process.env.TOKEN}` } });
  console.log(JSON.stringify(answer.data));
  await uploadImage(answer.data.uploadUrl, process.env.FILE, 'image/jpeg');
}

main();
