/**
 * Holds the hand-written types against those generated from the server's document: a path that the server does not
 * have, or an answer that does not fit, is a compile error here. Types only; nothing of this reaches a bundle.
 */
import type { paths as Ours } from './paths'
import type { paths as Theirs } from './schema'

type Prefix = '/api/parlor/v1'
/** Null and absent mean the same to us; ids and enums are narrowed by hand, so they are compared as strings. */
type Loose<T> = T extends string ? string : T extends number ? number : T extends boolean ? boolean
  : T extends (infer E)[] ? Loose<E>[] : T extends object ? { [K in keyof T as K extends '$schema' ? never : K]-?: Loose<NonNullable<T[K]>> } : T
type Answer<T> = T extends { responses: { 200: { content: { 'application/json': infer R } } } } ? R : never
type Method = 'get' | 'post' | 'put' | 'patch' | 'delete'

/** The calls of ours, as `METHOD path`, that the server does not offer. */
type Missing = { [P in keyof Ours & string]: { [M in keyof Ours[P] & Method]: `${Prefix}${P}` extends keyof Theirs ? (Theirs[`${Prefix}${P}`] extends { [m in M]: object } ? never : `${M} ${P}`) : `${M} ${P}` }[keyof Ours[P] & Method] }[keyof Ours & string]

/** The calls whose answer lacks a field that we read, or has it with another type. */
type Misfit = { [P in keyof Ours & string]: { [M in keyof Ours[P] & Method]: `${Prefix}${P}` extends keyof Theirs
  ? M extends keyof Theirs[`${Prefix}${P}`] ? [Answer<Theirs[`${Prefix}${P}`][M]>] extends [never] ? never : Loose<Answer<Theirs[`${Prefix}${P}`][M]>> extends Loose<Answer<Ours[P][M]>> ? never : `${M} ${P}` : never
  : never }[keyof Ours[P] & Method] }[keyof Ours & string]

type None<T extends never> = T
export type Checked = [None<Missing>, None<Misfit>]
