package io.signalbox.server.routing;

/**
 * What the store gives back for a message it took, carried to each receiver so that the receiver
 * can name the stored row. Opaque here.
 */
public interface StoredMessage {}
