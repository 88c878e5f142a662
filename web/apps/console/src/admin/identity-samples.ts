/** How a company's server makes a token; the same code as in docs/identity.md, which a test runs. */
export const SAMPLES = {
  Node: `import { createHmac } from 'node:crypto'

const part = (x) => Buffer.from(JSON.stringify(x)).toString('base64url')

export function identityToken(user) {
  const body = part({ alg: 'HS256', typ: 'JWT' }) + '.' + part({
    sub: String(user.id), name: user.name, email: user.email, exp: Math.floor(Date.now() / 1000) + 3600,
  })
  return body + '.' + createHmac('sha256', process.env.PARLOR_IDENTITY_KEY).update(body).digest('base64url')
}
`,
  PHP: `function part($raw) { return rtrim(strtr(base64_encode($raw), '+/', '-_'), '='); }

function identity_token($user) {
    $body = part('{"alg":"HS256","typ":"JWT"}') . '.' . part(json_encode([
        'sub' => (string) $user['id'], 'name' => $user['name'], 'email' => $user['email'], 'exp' => time() + 3600,
    ]));
    return $body . '.' . part(hash_hmac('sha256', $body, getenv('PARLOR_IDENTITY_KEY'), true));
}
`,
  Go: `func identityToken(id, name, email string) string {
	part := base64.RawURLEncoding.EncodeToString
	claims, _ := json.Marshal(map[string]any{"sub": id, "name": name, "email": email, "exp": time.Now().Add(time.Hour).Unix()})
	body := part([]byte(\`{"alg":"HS256","typ":"JWT"}\`)) + "." + part(claims)
	h := hmac.New(sha256.New, []byte(os.Getenv("PARLOR_IDENTITY_KEY")))
	h.Write([]byte(body))
	return body + "." + part(h.Sum(nil))
}
`,
  Python: `import base64, hashlib, hmac, json, os, time

def part(raw):
    return base64.urlsafe_b64encode(raw).rstrip(b'=')

def identity_token(user):
    claims = {'sub': str(user['id']), 'name': user['name'], 'email': user['email'], 'exp': int(time.time()) + 3600}
    body = part(b'{"alg":"HS256","typ":"JWT"}') + b'.' + part(json.dumps(claims).encode())
    mac = hmac.new(os.environ['PARLOR_IDENTITY_KEY'].encode(), body, hashlib.sha256)
    return (body + b'.' + part(mac.digest())).decode()
`,
}
export type Language = keyof typeof SAMPLES
