'use strict';
/* The page refreshes itself as every page of the console does, and every second while something moves. What is asked
   for goes out without leaving the page; the answer is the page as it is then. */
{
    const EVERY = 900, SHOWN = 5000;

    function isHeld() {
        return document.hidden || !document.getSelection().isCollapsed
            || document.querySelector('[data-live-toggle]').getAttribute('aria-pressed') === 'true';
    }

    function whyNot(status) {
        if (status === 403) return 'That was refused: you may not do that, or have signed out. Reload the page.';
        return status < 500 ? 'That cannot be asked for. Reload the page.' : 'The server failed. Reload the page to see whether it was asked for.';
    }

    /* What had the focus may go with its row: then the heading above has it, not the top of the page. */
    function keepFocus(region) {
        let focused = null;
        region.addEventListener('htmx:beforeSwap', () => { focused = region.contains(document.activeElement) ? document.activeElement : null; });
        region.addEventListener('ops:refreshed', () => {
            if (focused && !focused.isConnected) document.getElementById('voidings-title').focus({preventScroll: true});
        });
    }

    function say(words) {
        const said = document.querySelector('[data-said]');
        said.textContent = words;
        clearTimeout(say.timer);
        say.timer = setTimeout(() => { said.textContent = ''; }, SHOWN);
    }

    document.addEventListener('DOMContentLoaded', () => {
        const region = document.querySelector('[data-live]');
        keepFocus(region);
        setInterval(() => {
            if (!isHeld() && region.querySelector('[data-moving]')) htmx.trigger(region, 'ops:refresh');
        }, EVERY);
        document.querySelector('[data-asking]').addEventListener('submit', (event) => {
            event.preventDefault();
            const values = Object.fromEntries(new FormData(event.target));
            htmx.ajax('POST', event.submitter.formAction, {source: event.submitter, target: region, swap: 'morph', values});
        });
        document.addEventListener('voiding:said', (event) => say(event.detail.value));
        document.addEventListener('htmx:responseError', (event) => {
            if (event.detail.requestConfig.verb === 'post') say(whyNot(event.detail.xhr.status));
        });
        document.addEventListener('htmx:sendError', (event) => {
            if (event.detail.requestConfig.verb === 'post') say('No connection: nothing was asked for. Try again.');
        });
    });
}
