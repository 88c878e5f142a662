import type { RouteRecordRaw } from 'vue-router'
import { addTexts } from '../i18n'

const texts = {
  'zh-CN': () => import('./text/zh-CN.json'),
  en: () => import('./text/en.json'),
  'pt-BR': () => import('./text/pt-BR.json'),
}

/** The pages of administrators; they and their texts are loaded when the first one is opened. */
export const adminRoutes: RouteRecordRaw = {
  path: 'admin', name: 'admin', component: () => import('./AdminShell.vue'), redirect: '/admin/inboxes',
  beforeEnter: async () => { await addTexts(texts) },
  children: [
    { path: 'inboxes', component: () => import('./InboxesPage.vue') },
    { path: 'inboxes/:id/:tab(install|look|invite|forms|service)?', name: 'admin-inbox', component: () => import('./InboxPage.vue') },
    { path: 'teams/:id?', name: 'admin-teams', component: () => import('./TeamsPage.vue') },
    { path: 'agents', component: () => import('./AgentsPage.vue') },
    { path: 'roles', component: () => import('./RolesPage.vue') },
    { path: 'company', component: () => import('./CompanyPage.vue') },
    { path: 'settings', component: () => import('./SheetPage.vue') },
    { path: 'audit', component: () => import('./AuditPage.vue') },
    { path: 'programs', component: () => import('./ProgramsPage.vue') },
    { path: 'companies', component: () => import('./CompaniesPage.vue') },
  ],
}
