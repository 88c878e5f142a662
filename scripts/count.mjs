// usage: node count.mjs go|vitest FILE
// Prints the failures of a test run and a last line "N passed, N failed".
import fs from 'node:fs'

const [kind, file] = process.argv.slice(2)
let passed = 0
let failed = 0

function go() {
  const output = new Map()
  const builds = []
  for (const line of fs.readFileSync(file, 'utf8').split('\n')) {
    if (!line) continue
    let e
    try {
      e = JSON.parse(line)
    } catch {
      console.log(line)
      continue
    }
    const key = `${e.Package ?? e.ImportPath} ${e.Test ?? ''}`
    if (e.Action === 'output' || e.Action === 'build-output') output.set(key, (output.get(key) ?? '') + e.Output)
    if (e.Action === 'build-fail') builds.push(key)
    if (e.Test && e.Action === 'pass') passed++
    if (e.Action === 'fail') {
      // A package fails by itself only if none of its tests did, e.g. by a leak or a build error.
      if (e.Test) failed++
      else if (![...output.keys()].some((k) => k.startsWith(`${e.Package} Test`) && output.get(k).includes('--- FAIL'))) failed++
      console.log(`--- FAIL ${key}\n${(output.get(key) ?? '').slice(-6000)}`)
    }
  }
  for (const key of builds) console.log(`--- BUILD ${key}\n${output.get(key) ?? ''}`)
}

function vitest() {
  if (!fs.existsSync(file)) {
    failed++
    return
  }
  const report = JSON.parse(fs.readFileSync(file, 'utf8'))
  passed = report.numPassedTests
  failed = report.numFailedTests + (report.numFailedTestSuites > 0 && report.numFailedTests === 0 ? report.numFailedTestSuites : 0)
  for (const suite of report.testResults) {
    if (suite.status === 'failed') console.log(`--- FAIL ${suite.name}\n${suite.message ?? ''}`)
    for (const t of suite.assertionResults) if (t.status === 'failed') console.log(`--- FAIL ${t.fullName}\n${t.failureMessages.join('\n')}`)
  }
}

kind === 'go' ? go() : vitest()
console.log(`${passed} passed, ${failed} failed`)
