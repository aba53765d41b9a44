#!/usr/bin/env bats
# SARIF by Microsoft's sarif-multitool, which npm fetches.
# only with npm
# bats file_tags=thorough

load lib
load names

@test "SARIF is what GitHub asks for, says Microsoft's sarif-multitool" {
  npm install --prefix "$BATS_FILE_TMPDIR/npm" --no-audit --no-fund --silent \
    @microsoft/sarif-multitool >npm.log 2>&1 || skip "npm: cannot fetch sarif-multitool"
  multitool=$(cd "$BATS_FILE_TMPDIR/npm" && node -p 'require("@microsoft/sarif-multitool")')
  # Says 0 whatever it finds, which stands in its log.
  validate() {
    "$multitool" validate --rule-kind 'Sarif;Ghas' "$1" --output found.sarif --log ForceOverwrite
    jq -r '.runs[0] | .invocations[0].executionSuccessful,
      (.results[] | "\(.level // "warning") \(.ruleId) \(.message.id)")' found.sarif
  }
  hostile_tree dynamic
  "$WHIT" check --no-config -a --format=sarif tree /bin/true missing >report.sarif 2>/dev/null || [ $? = 2 ]
  run -0 validate report.sarif
  output_has true
  # There is no page on the web for it to name.
  [ -z "$(grep -E '^(error|warning) ' <<<"$output" | grep -v '^warning SARIF2005 ')" ]
  # It can tell right from wrong.
  jq 'del(.runs[0].results[].locations)' report.sarif >wrong.sarif
  run -0 validate wrong.sarif
  output_has "error GH"
}
