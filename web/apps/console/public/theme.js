// Runs before the first paint, so that the page does not flash in the wrong theme or language.
(function () {
  var prefs = {}
  try { prefs = JSON.parse(localStorage.getItem('parlor.prefs')) || {} } catch { prefs = {} }
  var dark = prefs.theme === 'dark' || (prefs.theme !== 'light' && matchMedia('(prefers-color-scheme: dark)').matches)
  document.documentElement.dataset.theme = dark ? 'dark' : 'light'
  if (prefs.locale) document.documentElement.lang = prefs.locale
})()
