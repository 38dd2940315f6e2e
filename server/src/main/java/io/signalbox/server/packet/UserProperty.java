package io.signalbox.server.packet;

/** A name and value that the applications at both ends understand; either may be empty. */
public record UserProperty(String name, String value) {}
