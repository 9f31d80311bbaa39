"""The rival of `first_reaction` and `steering`: an aiohttp bot that keeps nothing.

It reacts inside its handler: it verifies the signature, asks for the sender's permission and adds
the reaction, with one installation token minted at its start. Prints a JSON line: its address.
"""

import asyncio
import hashlib
import hmac
import json
import os
import sys
import time

import aiohttp
import jwt
from aiohttp import web


async def main() -> None:
    api, secret = os.environ["API"], os.environ["SECRET"].encode()
    async with aiohttp.ClientSession(base_url=api + "/") as session:
        headers = {"Authorization": f"token {await mint(session)}"}

        async def hook(request: web.Request) -> web.Response:
            body = await request.read()
            wanted = "sha256=" + hmac.new(secret, body, hashlib.sha256).hexdigest()
            if not hmac.compare_digest(wanted, request.headers["X-Hub-Signature-256"]):
                return web.Response(status=401)
            event = json.loads(body)
            commanded = event.get("action") == "created" and "comment" in event
            if event.get("action") == "labeled" or commanded:
                await react(session, headers, event)
            return web.Response(status=202)

        app = web.Application()
        app.router.add_post("/webhook", hook)
        runner = web.AppRunner(app, access_log=None)
        await runner.setup()
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        port = runner.addresses[0][1]
        sys.stdout.write(json.dumps({"webhook_url": f"http://127.0.0.1:{port}/webhook"}) + "\n")
        sys.stdout.flush()
        await asyncio.Event().wait()


async def mint(session: aiohttp.ClientSession) -> str:
    now = int(time.time())
    claims = {"iat": now - 60, "exp": now + 540, "iss": os.environ["APP_ID"]}
    with open(os.environ["PRIVATE_KEY_FILE"]) as file:
        token = jwt.encode(claims, file.read(), algorithm="RS256")
    path = f"app/installations/{os.environ['INSTALLATION_ID']}/access_tokens"
    async with session.post(path, headers={"Authorization": f"Bearer {token}"}) as answer:
        return str((await answer.json())["token"])


async def react(
    session: aiohttp.ClientSession, headers: dict[str, str], event: dict[str, dict[str, str]]
) -> None:
    repository, login = event["repository"]["full_name"], event["sender"]["login"]
    path = f"repos/{repository}/collaborators/{login}/permission"
    async with session.get(path, headers=headers) as answer:
        if (await answer.json())["permission"] not in ("admin", "write"):
            return
    path = f"repos/{repository}/issues/{event['issue']['number']}/reactions"
    if "comment" in event:
        path = f"repos/{repository}/issues/comments/{event['comment']['id']}/reactions"
    async with session.post(path, headers=headers, json={"content": "eyes"}) as answer:
        answer.raise_for_status()


if __name__ == "__main__":
    asyncio.run(main())
