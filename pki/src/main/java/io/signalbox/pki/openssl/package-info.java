/**
 * Elliptic curves by the OpenSSL of the operating system, as a provider for the JDK's TLS: the
 * JDK's own take three to ten times as long.
 *
 * <p>It may import the JDK only. Nothing native outlives the call that made it: each call takes its
 * memory from an arena that it closes, wipes what was secret, and frees the library's keys. Keys
 * are the JDK's, so whatever is not offered here goes to the JDK's own providers. All types are
 * safe for use by many threads unless they say otherwise.
 */
@NullMarked
package io.signalbox.pki.openssl;

import org.jspecify.annotations.NullMarked;
