'use strict';
/* What every page of the site needs: the rail on narrow screens, menus, copying ids, and times that stay true. */
{
    const steps = [[60, 's', 1], [3600, 'min', 60], [86400, 'h', 3600], [Infinity, 'd', 86400]];

    /* The same words as opsconsole.console.words.relative. */
    function relative(moment, now) {
        const seconds = (now - moment) / 1000;
        const [, unit, size] = steps.find(([limit]) => Math.abs(seconds) < limit);
        const amount = Math.floor(Math.abs(seconds) / size);
        if (amount === 0) return 'now';
        return seconds > 0 ? `${amount} ${unit} ago` : `in ${amount} ${unit}`;
    }

    function tellTimes(root) {
        const now = Date.now();
        for (const time of root.querySelectorAll('time[data-ago]')) {
            const text = relative(Date.parse(time.dateTime), now);
            if (time.textContent !== text) time.textContent = text;
        }
    }

    async function copy(button) {
        await navigator.clipboard.writeText(button.dataset.copy);
        const use = button.querySelector('use');
        const href = use.getAttribute('href');
        use.setAttribute('href', href.replace(/#.*/, '#copied'));
        button.classList.add('is-copied');
        setTimeout(() => {
            use.setAttribute('href', href);
            button.classList.remove('is-copied');
        }, 1200);
    }

    function toggleRail(open) {
        document.documentElement.classList.toggle('ops-rail-open', open);
        const button = document.querySelector('[data-toggle-rail]');
        if (button) button.setAttribute('aria-expanded', String(document.documentElement.classList.contains('ops-rail-open')));
    }

    document.addEventListener('click', (event) => {
        const button = event.target.closest('[data-copy]');
        if (button) copy(button).catch(() => {});
        if (event.target.closest('[data-toggle-rail]')) toggleRail();
        else if (!event.target.closest('#ops-rail')) toggleRail(false);
        for (const menu of document.querySelectorAll('[data-menu][open]')) {
            if (!menu.contains(event.target)) menu.open = false;
        }
    });

    document.addEventListener('keydown', (event) => {
        if (event.key === 'Escape') {
            toggleRail(false);
            for (const menu of document.querySelectorAll('[data-menu][open]')) menu.open = false;
        }
        const typing = event.target.closest('input, select, textarea, [contenteditable]');
        if (event.key === '/' && !typing && !event.ctrlKey && !event.metaKey && !event.altKey) {
            const search = document.querySelector('[data-search]');
            if (search) {
                event.preventDefault();
                search.focus();
                search.select();
            }
        }
    });

    document.addEventListener('change', (event) => {
        if (event.target.matches('[data-submits]') && event.target.value !== 'custom') event.target.form.requestSubmit();
    });

    /* An address says only what was chosen. */
    document.addEventListener('submit', (event) => {
        if (!event.target.matches('[data-filters]')) return;
        for (const field of event.target.elements) if (field.name && !field.value) field.disabled = true;
    });

    document.addEventListener('DOMContentLoaded', () => {
        if (matchMedia('(max-width: 45rem)').matches) {
            for (const fold of document.querySelectorAll('[data-fold-when-narrow]')) fold.open = false;
        }
        tellTimes(document);
        setInterval(() => tellTimes(document), 1000);
    });
    window.opsTellTimes = tellTimes;
}
