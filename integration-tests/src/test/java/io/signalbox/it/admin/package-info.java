/**
 * The admin API of the packaged broker, called over TLS as other programs call it. Every answer is
 * held against the OpenAPI document that the broker itself serves.
 */
@NullMarked
package io.signalbox.it.admin;

import org.jspecify.annotations.NullMarked;
