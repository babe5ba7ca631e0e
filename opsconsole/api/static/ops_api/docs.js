'use strict';
/* The page is as light or dark as the console: by the choice made there, else as the system wants it. */
{
    const dark = matchMedia('(prefers-color-scheme: dark)');

    function show() {
        const chosen = localStorage.getItem('theme');
        document.documentElement.classList.toggle('dark-mode', chosen === 'dark' || (chosen !== 'light' && dark.matches));
    }

    show();
    dark.addEventListener('change', show);
    addEventListener('storage', show);
}
