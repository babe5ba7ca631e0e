'use strict';
/* The page refreshes itself as every page of the console does, and every second while something moves. What is asked
   for goes out without leaving the page; the answer is the page as it is then. */
{
    const EVERY = 900, SHOWN = 5000;

    function isHeld() {
        return document.hidden || document.querySelector('[data-live-toggle]').getAttribute('aria-pressed') === 'true';
    }

    function say(words) {
        const said = document.querySelector('[data-said]');
        said.textContent = words;
        clearTimeout(say.timer);
        say.timer = setTimeout(() => { said.textContent = ''; }, SHOWN);
    }

    document.addEventListener('DOMContentLoaded', () => {
        const region = document.querySelector('[data-live]');
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
            if (event.detail.requestConfig.verb === 'post') say('That was refused. Reload the page to see what you may do.');
        });
        document.addEventListener('htmx:sendError', (event) => {
            if (event.detail.requestConfig.verb === 'post') say('No connection: nothing was asked for. Try again.');
        });
    });
}
