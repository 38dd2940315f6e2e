package io.signalbox.server.principal;

/**
 * The key that signed a token, as whoever verified it knows it. Equal ones are the same key, and
 * their text holds nothing secret.
 */
public interface SigningKey {}
