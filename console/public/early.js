// A file of its own, because the content security policy forbids inline script.
(() => {
  try {
    const root = document.documentElement;
    const theme = localStorage.getItem('portolan.theme');
    if (theme === 'light' || theme === 'dark') root.dataset.theme = theme;
    const lang = localStorage.getItem('portolan.lang') ?? (navigator.language.startsWith('zh') ? 'zh' : 'en');
    root.lang = lang === 'zh' ? 'zh-CN' : 'en';
  } catch {
    // Storage may be forbidden; the defaults do.
  }
})();
