/**
 * What the WebSocket listeners answer over HTTP besides MQTT: health, metrics and the browser page.
 * Handlers run on I/O threads and move to a worker thread before anything that computes or waits.
 *
 * <p>May import session, retained, routing, registry, auth, store, principal, packet, topic,
 * config, metrics and the modules pki and acl-policies.
 */
@NullMarked
package io.signalbox.server.admin;

import org.jspecify.annotations.NullMarked;
