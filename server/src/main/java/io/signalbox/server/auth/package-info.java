/**
 * Who a client is and what it may do: authenticators turn a CONNECT and its peer into a {@link
 * io.signalbox.server.principal.Principal}, authorizers answer for one connected principal.
 * Signature checks run on the worker pool, answers arrive on the connection's I/O thread. May
 * import registry, trust, scram, principal, packet, topic, config, metrics, eventloop and the
 * modules pki and acl-policies.
 */
@NullMarked
package io.signalbox.server.auth;

import org.jspecify.annotations.NullMarked;
