import type { Runtime } from '@evenly/service';
import { addAdminPage } from '@evenly/service/admin-page';
import { liveOf } from './page.ts';
import { serverStatus, type StatusSources } from './server-status.ts';

/** `GET /` for people, `GET /status` for programs. */
export function addAdminRoutes(router: Runtime['admin'], sources: StatusSources): void {
  addAdminPage(router, { title: 'xds-server', status: () => serverStatus(sources), live: liveOf });
}
