#!/bin/sh
# The rival of `whole_run`: the same writes to GitHub with git and curl. It survives nothing, checks
# nothing and keeps nothing; it is what one would write in an afternoon.
# Environment: API, GIT_URL, TOKEN, REPO, ISSUE, REVIEWER, PATCH, BRANCH, MIRROR (a warm clone).
set -eu
call() { curl -sS --fail-with-body -o "$3" -X "$1" -H "Authorization: token $TOKEN" "$API$2" -d "$4"; }
out=$(mktemp)
trap 'rm -f "$out"' EXIT
header="http.extraHeader=Authorization: Basic $(printf 'x-access-token:%s' "$TOKEN" | base64 -w0)"
cd "$MIRROR"

call POST "/repos/$REPO/issues/$ISSUE/reactions" "$out" '{"content":"eyes"}'
git -c "$header" fetch -q "$GIT_URL" main
base=$(git rev-parse FETCH_HEAD)
git reset -q --hard "$base"
git clean -ffdxq
start=$(git commit-tree -p "$base" -m "start [skip ci]" "$base^{tree}")
git -c "$header" push -q "$GIT_URL" "$start:refs/heads/$BRANCH"
call POST "/repos/$REPO/issues/$ISSUE/comments" "$out" '{"body":"Working"}'
comment=$(sed -n 's/^{"id": *\([0-9]*\).*/\1/p; s/.*comments\/\([0-9]*\)".*/\1/p' "$out" | head -n 1)
call POST "/repos/$REPO/check-runs" "$out" \
  "{\"name\":\"Coppice\",\"head_sha\":\"$start\",\"status\":\"in_progress\"}"
check=$(sed -n 's/.*check-runs\/\([0-9]*\)".*/\1/p' "$out" | head -n 1)
call POST "/repos/$REPO/issues/$ISSUE/labels" "$out" '{"labels":["coppice:working"]}'
git apply -p1 "$PATCH"
git add -A
tree=$(git write-tree)
head=$(git commit-tree -p "$base" -m "work [skip ci]" "$tree")
git -c "$header" push -q --force-with-lease="refs/heads/$BRANCH:$start" "$GIT_URL" "$head:refs/heads/$BRANCH"
call POST "/repos/$REPO/pulls" "$out" \
  "{\"title\":\"work\",\"head\":\"$BRANCH\",\"base\":\"main\",\"body\":\"Closes #$ISSUE\",\"draft\":true}"
number=$(sed -n 's/.*pulls\/\([0-9]*\)".*/\1/p' "$out" | head -n 1)
call POST "/repos/$REPO/pulls/$number/requested_reviewers" "$out" "{\"reviewers\":[\"$REVIEWER\"]}"
for name in "Coppice / verify" "Coppice / rules" "Coppice"; do
  call POST "/repos/$REPO/check-runs" "$out" \
    "{\"name\":\"$name\",\"head_sha\":\"$head\",\"status\":\"completed\",\"conclusion\":\"success\"}"
done
call PATCH "/repos/$REPO/check-runs/$check" "$out" '{"status":"completed","conclusion":"success"}'
call PATCH "/repos/$REPO/issues/comments/$comment" "$out" '{"body":"Done"}'
call DELETE "/repos/$REPO/issues/$ISSUE/labels/coppice:working" "$out" ''
