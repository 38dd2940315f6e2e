/**
 * Who may connect, and for how long: certificates of foreign authorities made and revoked with
 * OpenSSL's own programs, tokens of issuers whose keys are on a web server.
 */
@NullMarked
package io.signalbox.it.identity;

import org.jspecify.annotations.NullMarked;
