/**
 * MQTT Control Packets of versions 3.1.1 and 5.0 as values, and the tables of the standard that say
 * what may stand in them.
 *
 * <p>Immutable, usable from any thread; byte arrays in them are shared and never modified. Imports
 * {@code topic} only.
 */
@NullMarked
package io.signalbox.server.packet;

import org.jspecify.annotations.NullMarked;
