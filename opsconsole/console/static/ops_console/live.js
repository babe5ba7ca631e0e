'use strict';
/* Pages that refresh themselves without taking anything from their reader: what is focused, open, checked, typed or
   scrolled stays, because only what differs is touched. Asks only while it is looked at and nothing is in hand. */
{
    const EVERY = 4000;
    let region, status, version = '', paused = false, updatedAt = Date.now(), askedAt = Date.now(), broken = '';

    /* -- changing only what differs -- */

    function isSame(node, next) {
        return node.nodeType === next.nodeType && node.nodeName === next.nodeName && (node.id || '') === (next.id || '');
    }

    function syncAttributes(node, next) {
        for (const {name, value} of [...next.attributes]) {
            if (node.getAttribute(name) !== value && !isReaders(node, name)) node.setAttribute(name, value);
        }
        for (const {name} of [...node.attributes]) {
            if (!next.hasAttribute(name) && !isReaders(node, name)) node.removeAttribute(name);
        }
    }

    /* What the reader has set, not the server. */
    function isReaders(node, name) {
        return (name === 'open' && node.nodeName === 'DETAILS') || (name === 'class' && node.matches('.is-copied, .has-changed'));
    }

    function morph(node, next) {
        if (node.nodeType !== Node.ELEMENT_NODE) {
            if (node.nodeValue !== next.nodeValue) node.nodeValue = next.nodeValue;
            return;
        }
        if (node.isEqualNode(next) || node.matches('[data-still], .is-copied')) return;
        if (node.matches('time[data-ago]') && node.dateTime === next.dateTime) return;
        if (node.matches('tbody > tr') && node.textContent !== next.textContent) flash(node, next);
        syncAttributes(node, next);
        morphChildren(node, next);
    }

    function morphChildren(node, next) {
        const known = new Map();
        for (const child of node.children) if (child.id) known.set(child.id, child);
        const kept = new Set([...next.children].map((child) => child.id).filter(Boolean));
        let place = node.firstChild;
        for (const wanted of [...next.childNodes]) {
            while (place && place.id && !kept.has(place.id)) place = removed(place);
            const match = wanted.id ? known.get(wanted.id) : place && isSame(place, wanted) ? place : null;
            if (match && isSame(match, wanted)) {
                if (match === place) place = place.nextSibling;
                else node.insertBefore(match, place);
                morph(match, wanted);
            } else {
                node.insertBefore(wanted, place);
            }
        }
        while (place) place = removed(place);
    }

    function removed(node) {
        const after = node.nextSibling;
        node.remove();
        return after;
    }

    function flash(row, next) {
        const states = (of) => [...of.querySelectorAll('.ops-badge')].map((badge) => badge.textContent).join();
        if (states(row) === states(next)) return;
        row.classList.add('has-changed');
        setTimeout(() => row.classList.remove('has-changed'), 1700);
    }

    /* -- when to ask -- */

    function inHand() {
        const chosen = region.querySelectorAll('input[name="id"]:checked').length;
        if (chosen) return `${chosen} selected`;
        const active = document.activeElement;
        if (active && active.closest('#content-start') && active.matches('select, textarea, input:not([type="checkbox"])')) return 'editing';
        return document.getSelection().isCollapsed ? '' : 'text selected';
    }

    function tell() {
        const held = paused ? 'Paused' : inHand();
        const seconds = Math.round((Date.now() - updatedAt) / 1000);
        const fresh = seconds < 2 ? 'Updated just now' : `Updated ${seconds} s ago`;
        const text = broken || (held ? `${fresh} · ${held === 'Paused' ? 'paused' : `held: ${held}`}` : fresh);
        const words = status.querySelector('[data-live-text]');
        if (words.textContent !== text) words.textContent = text;
        status.classList.toggle('is-held', Boolean(held) && !broken);
        status.classList.toggle('is-broken', Boolean(broken));
    }

    function tick() {
        tell();
        if (document.hidden || paused || inHand() || Date.now() - askedAt < EVERY) return;
        askedAt = Date.now();
        htmx.trigger(region, 'ops:refresh');
    }

    function togglePause(button) {
        paused = !paused;
        button.setAttribute('aria-pressed', String(paused));
        for (const icon of button.querySelectorAll('[data-when]')) icon.hidden = (icon.dataset.when === 'paused') !== paused;
        if (!paused) askedAt = 0;
        tick();
    }

    /* -- selecting rows -- */

    function countSelection() {
        const form = document.getElementById('selection');
        if (!form) return;
        const boxes = [...region.querySelectorAll('input[name="id"]')];
        const chosen = boxes.filter((box) => box.checked).length;
        form.querySelector('[data-selection-count]').textContent = `${chosen} selected`;
        const all = region.querySelector('[data-check-all]');
        if (all) {
            all.checked = chosen > 0 && chosen === boxes.length;
            all.indeterminate = chosen > 0 && chosen < boxes.length;
        }
        const matching = form.querySelector('[name="matching"]');
        if (matching && !chosen) matching.checked = false;
    }

    function check(boxes, isChecked) {
        for (const box of boxes) box.checked = isChecked;
        countSelection();
    }

    document.addEventListener('DOMContentLoaded', () => {
        region = document.querySelector('[data-live]');
        status = document.querySelector('[data-live-status]');
        if (!region || !status) return;
        htmx.defineExtension('ops-live', {
            handleSwap(style, target, fragment) {
                if (style !== 'morph') return false;
                morphChildren(target, fragment);
                window.opsTellTimes(target);
                countSelection();
                target.dispatchEvent(new CustomEvent('ops:refreshed', {bubbles: true}));
                return [];
            },
        });
        region.addEventListener('htmx:configRequest', (event) => { event.detail.headers['X-Ops-Version'] = version; });
        region.addEventListener('htmx:afterRequest', (event) => {
            const answered = event.detail.xhr.getResponseHeader('X-Ops-Version');
            broken = answered ? '' : event.detail.xhr.status === 0 ? 'No connection, trying again' : 'Signed out or failing: reload the page';
            if (answered) updatedAt = Date.now();
            tell();
        });
        region.addEventListener('htmx:beforeSwap', (event) => {
            const answered = event.detail.xhr.getResponseHeader('X-Ops-Version');
            if (answered && event.detail.xhr.status === 200 && !inHand()) version = answered;
            else event.detail.shouldSwap = false;
        });
        status.querySelector('[data-live-toggle]').addEventListener('click', (event) => togglePause(event.currentTarget));
        document.addEventListener('change', (event) => {
            if (event.target.matches('[data-check-all]')) check(region.querySelectorAll('input[name="id"]'), event.target.checked);
            else if (event.target.matches('input[name="id"]')) countSelection();
        });
        document.addEventListener('click', (event) => {
            if (event.target.closest('[data-clear-selection]')) check(region.querySelectorAll('input[name="id"]'), false);
        });
        document.addEventListener('visibilitychange', tick);
        countSelection();
        setInterval(tick, 1000);
    });
}
