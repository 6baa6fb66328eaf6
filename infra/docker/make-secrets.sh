#!/bin/sh
# Makes every secret of docker-compose.yml that does not exist yet, in ./secrets (or the folder given). Run it as root,
# from anywhere, as often as you like: what exists is never touched. Each file is 0400 and belongs to the one user that
# reads it inside its container, because compose mounts secret files with the owner they have here.
set -eu
umask 077
cd "$(dirname "$0")/../.."
folder=${1:-secrets}
hub=10001 mongo=999 nginx=101 grafana=472

[ "$(id -u)" = 0 ] || { echo "make-secrets.sh: run it as root: secrets belong to the users of the containers" >&2; exit 1; }
mkdir -p "$folder" && chmod 711 "$folder"

keep() { # NAME OWNER: standard input becomes the secret, unless there is one
    [ -e "$folder/$1" ] && { cat >/dev/null; return; }
    cat >"$folder/$1.new"
    [ -s "$folder/$1.new" ] || { echo "make-secrets.sh: $1 came out empty" >&2; exit 1; }
    chown "$2:$2" "$folder/$1.new" && chmod 400 "$folder/$1.new" && mv "$folder/$1.new" "$folder/$1"
    echo "made $folder/$1"
}

# seals the connections' secrets in the log: without it no agency can be authenticated from the log again. Back it up.
openssl rand -hex 32 | keep seal_key $hub
openssl rand -hex 24 | keep admin_token $hub
openssl rand -hex 12 | keep operator_password $hub

openssl rand -base64 756 | tr -d '\n' | keep mongo_keyfile $mongo
for user in root ingest signature router status notifier; do
    openssl rand -hex 24 | keep "mongo_$user" $hub
done

openssl rand -hex 32 | keep blobs_rpc $hub
openssl rand -hex 32 | keep blobs_admin $hub
echo "GK$(openssl rand -hex 12)" | keep blobs_access_key $hub
openssl rand -hex 32 | keep blobs_secret_key $hub

# given by the relay and the gateway; read only when .env names them (HUB_SMTP_PASSWORD_FILE, HUB_SMS_TOKEN_FILE)
echo replace-me | keep smtp_password $hub
echo replace-me | keep sms_token $hub

openssl rand -hex 12 | keep grafana_password $grafana

# self-signed, so that the edge can start; replace both files by the certificate of your authority
if [ ! -e "$folder/edge_key" ]; then
    openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 365 -subj "/CN=${HUB_NAME:-localhost}" \
        -addext "subjectAltName=DNS:${HUB_NAME:-localhost}" -keyout "$folder/edge_key.made" -out "$folder/edge_crt.made" 2>/dev/null
    keep edge_crt $nginx <"$folder/edge_crt.made"
    keep edge_key $nginx <"$folder/edge_key.made"
    rm "$folder/edge_key.made" "$folder/edge_crt.made"
fi

# not secret: whom the hub trusts to certify signers (PEM), and their revocation lists
mkdir -p trust/crls && chmod 755 trust trust/crls
[ -e trust/anchors.pem ] || { : >trust/anchors.pem; echo "made trust/anchors.pem, empty: put your trust anchors there"; }
chmod 644 trust/anchors.pem
