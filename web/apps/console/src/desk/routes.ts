import { AtSignIcon, BanIcon, BookTextIcon, CalendarClockIcon, ChartColumnIcon, FileDownIcon, GlobeIcon, HourglassIcon, MailIcon, SlidersHorizontalIcon, StarIcon } from '@lucide/vue'
import type { Component } from 'vue'
import type { RouteRecordRaw } from 'vue-router'
import { addPage } from '../app/pages'
import { addTexts } from '../i18n'
import { useDesk } from '../realtime/desk'

const TEXTS = { 'zh-CN': () => import('./text/zh-CN.json'), en: () => import('./text/en.json'), 'pt-BR': () => import('./text/pt-BR.json') }
const EXPORT_TEXTS = { 'zh-CN': () => import('../export/text/zh-CN.json'), en: () => import('../export/text/en.json'), 'pt-BR': () => import('../export/text/pt-BR.json') }

/** A page that comes with its texts. */
const page = (load: () => Promise<{ default: Component }>) => async () => (await Promise.all([load(), addTexts(TEXTS)]))[0]

/** The agent's pages beside the inbox; each is loaded when it is opened. */
export const deskRoutes: RouteRecordRaw[] = [
  { path: 'visitors', name: 'visitors', component: page(() => import('./OnlinePage.vue')) },
  { path: 'visitors/invitations', name: 'invitations', component: page(() => import('./InvitationsPage.vue')) },
  { path: 'ratings', name: 'ratings', component: page(() => import('./RatingsPage.vue')) },
  { path: 'reports', name: 'reports', component: page(() => import('./ReportsPage.vue')) },
  { path: 'exports', name: 'exports', component: async () => (await Promise.all([import('../export/ExportsPage.vue'), addTexts(EXPORT_TEXTS)]))[0] },
  { path: 'queue', name: 'queue', component: page(() => import('./QueuePage.vue')) },
  { path: 'mentions', name: 'mentions', component: page(() => import('./MentionsPage.vue')) },
  { path: 'followups', name: 'followups', component: page(() => import('./FollowupsPage.vue')) },
  { path: 'offline', name: 'offline', component: page(() => import('./OfflinePage.vue')) },
  { path: 'blacklist', name: 'blacklist', component: page(() => import('./BlacklistPage.vue')) },
  { path: 'tokens', name: 'tokens', component: page(() => import('./TokensPage.vue')) },
  { path: 'canned', name: 'canned', component: page(() => import('./ShelfPage.vue')), props: { kind: 'reply' } },
  { path: 'pictures', name: 'pictures', component: page(() => import('./ShelfPage.vue')), props: { kind: 'picture' } },
]
/** The texts of the desk, for parts of it that are no pages. */
export const deskTexts = () => addTexts(TEXTS)

addPage({ path: '/visitors', text: 'keys.goOnline', icon: GlobeIcon, action: 'goOnline' })
addPage({ path: '/queue', text: 'keys.goQueue', icon: HourglassIcon, action: 'goQueue' })
addPage({ path: '/mentions', text: 'keys.goMentions', icon: AtSignIcon, action: 'goMentions', count: () => useDesk().mentions })
addPage({ path: '/followups', text: 'keys.goFollowups', icon: CalendarClockIcon, action: 'goFollowups' })
addPage({ path: '/offline', text: 'keys.goOffline', icon: MailIcon, action: 'goOffline', count: () => useDesk().left })
addPage({ path: '/ratings', text: 'keys.goRatings', icon: StarIcon, action: 'goRatings' })
addPage({ path: '/reports', text: 'keys.goReports', icon: ChartColumnIcon, needs: ['conversation.see_all'] })
addPage({ path: '/exports', text: 'exporting.page', icon: FileDownIcon, needs: ['data.export'] })
addPage({ path: '/canned', text: 'keys.goCanned', icon: BookTextIcon, action: 'goCanned' })
addPage({ path: '/blacklist', text: 'keys.goBlacklist', icon: BanIcon, action: 'goBlacklist', needs: ['visitor.block'] })
addPage({ path: '/admin', text: 'keys.goAdmin', icon: SlidersHorizontalIcon, action: 'goAdmin', needs: ['account.administer', 'audit.read', 'content.manage'] })
