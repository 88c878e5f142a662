import type { RouteRecordRaw } from 'vue-router'
import { addTexts } from '../i18n'
import { robotTexts } from '../robot/texts'
import { useSession } from '../realtime/session'

const texts = {
  'zh-CN': () => import('./text/zh-CN.json'),
  en: () => import('./text/en.json'),
  'pt-BR': () => import('./text/pt-BR.json'),
}

const NEEDS = {
  inboxes: 'account.administer', mailboxes: 'account.administer', teams: 'account.administer', agents: 'account.administer', roles: 'account.administer', tags: 'content.manage', fields: 'content.manage', types: 'content.manage', knowledge: 'content.manage', robots: 'account.administer',
  company: 'account.administer', settings: 'account.administer', audit: 'audit.read', programs: 'account.administer', hooks: 'account.administer', bindings: 'account.administer', windows: 'account.administer', flags: 'account.administer', companies: 'account.administer',
} as const
export type AdminPage = keyof typeof NEEDS
/** The pages that this agent may open, in their order. */
export const adminPages = () => (Object.keys(NEEDS) as AdminPage[]).filter((p) => useSession().session?.permissions.includes(NEEDS[p]))

/** The pages of administrators; they and their texts are loaded when the first one is opened. */
export const adminRoutes: RouteRecordRaw = {
  path: 'admin', name: 'admin', component: () => import('./AdminShell.vue'),
  beforeEnter: async () => { await addTexts(texts) },
  children: [
    { path: '', component: () => import('./InboxesPage.vue'), beforeEnter: () => '/admin/' + (adminPages()[0] ?? 'inboxes') },
    { path: 'inboxes', component: () => import('./InboxesPage.vue') },
    { path: 'inboxes/:id/:tab(install|look|invite|forms|service|identity)?', name: 'admin-inbox', component: () => import('./InboxPage.vue') },
    { path: 'mailboxes', component: () => import('./MailboxesPage.vue') },
    { path: 'teams/:id?', name: 'admin-teams', component: () => import('./TeamsPage.vue') },
    { path: 'agents', component: () => import('./AgentsPage.vue') },
    { path: 'roles', component: () => import('./RolesPage.vue') },
    { path: 'tags', component: () => import('./TagsPage.vue') },
    { path: 'fields', component: () => import('./FieldsPage.vue') },
    { path: 'types', component: () => import('./TypesPage.vue') },
    { path: 'knowledge', component: () => import('../robot/KnowledgePage.vue'), beforeEnter: robotTexts },
    { path: 'knowledge/:id', component: () => import('../robot/ArticlePage.vue'), beforeEnter: robotTexts },
    { path: 'robots', component: () => import('../robot/RobotsPage.vue'), beforeEnter: robotTexts },
    { path: 'robots/:id/:tab(serve|menus|answer|human|words|engine)?', name: 'admin-robot', component: () => import('../robot/RobotPage.vue'), beforeEnter: robotTexts },
    { path: 'company', component: () => import('./CompanyPage.vue') },
    { path: 'settings', component: () => import('./SheetPage.vue') },
    { path: 'audit', component: () => import('./AuditPage.vue') },
    { path: 'programs', component: () => import('./ProgramsPage.vue') },
    { path: 'hooks', component: () => import('./HooksPage.vue') },
    { path: 'bindings', component: () => import('./BindingsPage.vue') },
    { path: 'flags', component: () => import('./FlagsPage.vue') },
    { path: 'windows', component: () => import('./WindowsPage.vue') },
    { path: 'companies', component: () => import('./CompaniesPage.vue') },
  ],
}
