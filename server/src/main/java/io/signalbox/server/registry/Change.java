package io.signalbox.server.registry;

import org.jspecify.annotations.Nullable;

/**
 * A change that is durable and visible.
 *
 * @param before null: there was none
 * @param after null: there is none any more
 */
public record Change<E extends Entry<E>>(
    Kind<E> kind, String name, @Nullable E before, @Nullable E after) {}
