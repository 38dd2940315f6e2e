/**
 * What the WebSocket listeners answer over HTTP besides MQTT and EST: the API with its audit log
 * and the log of refusals, health, metrics and the browser page. Handlers run on I/O threads and
 * move to another one before anything that computes or waits.
 *
 * <p>May import protocol, registry, auth, principal, packet, config, metrics, eventloop and the
 * modules pki and acl-policies.
 */
@NullMarked
package io.signalbox.server.admin;

import org.jspecify.annotations.NullMarked;
