package org.opensva.emulated;

import com.google.inject.ScopeAnnotation;

import java.lang.annotation.ElementType;
import java.lang.annotation.Retention;
import java.lang.annotation.RetentionPolicy;
import java.lang.annotation.Target;

/**
 * One object for each machine, made when it is first needed.
 *
 * <p>Unlike a Guice singleton it is not made eagerly: a part that a vendor's binding has replaced
 * never comes to life, and programs no hardware.
 */
@Target({ElementType.TYPE, ElementType.METHOD})
@Retention(RetentionPolicy.RUNTIME)
@ScopeAnnotation
@interface MachineScoped {}
